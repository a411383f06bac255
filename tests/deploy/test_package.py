"""The package of the Lambda: what is in it, and that it would start there."""

import importlib.util
import pathlib
import sys
import tempfile
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("package", ROOT / "lambda" / "package.py")
package = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(package)


class Package(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)
        self.binary = self.folder / "built"
        self.binary.write_bytes(b"\x7fELF")

    def packed(self, name="package.zip"):
        archive = self.folder / name
        package.pack(archive, package.contents(self.binary, self.folder))
        return archive

    def test_a_project_travels_with_the_program(self):
        (self.folder / "queries").mkdir()
        (self.folder / "queries" / "late.toml").write_text("title = 'Late'")
        (self.folder / "queries" / "notes.txt").write_text("not a query")
        (self.folder / "logq.toml").write_text("timezone = 'Asia/Tokyo'")
        with zipfile.ZipFile(self.packed()) as archive:
            self.assertEqual(archive.namelist(), ["bootstrap", "logq.toml", "queries/late.toml"])
            self.assertEqual(archive.read("bootstrap"), b"\x7fELF")
            modes = [entry.external_attr >> 16 for entry in archive.infolist()]
            self.assertEqual(modes, [0o755, 0o644, 0o644])

    def test_the_program_alone_is_a_package(self):
        with zipfile.ZipFile(self.packed()) as archive:
            self.assertEqual(archive.namelist(), ["bootstrap"])

    def test_the_same_files_make_the_same_package(self):
        first = self.packed("first.zip").read_bytes()
        self.binary.touch()
        self.assertEqual(self.packed("second.zip").read_bytes(), first)

    def test_flags_of_the_user_are_kept_and_ours_are_where_cargo_looks(self):
        ours = "-C symbol-mangling-version=v0"
        self.assertEqual(package.flagged({"A": "b"}), {"A": "b", "RUSTFLAGS": ours})
        self.assertEqual(package.flagged({"RUSTFLAGS": "-g"}), {"RUSTFLAGS": f"-g {ours}"})
        both = package.flagged({"RUSTFLAGS": "-g", "CARGO_ENCODED_RUSTFLAGS": "--cfg\x1fa b"})
        self.assertEqual(both["CARGO_ENCODED_RUSTFLAGS"].split("\x1f"), ["--cfg", "a b", *ours.split()])
        self.assertEqual(package.flagged({"CARGO_ENCODED_RUSTFLAGS": ""})["CARGO_ENCODED_RUSTFLAGS"].split("\x1f"), ours.split())

    def test_versions_are_compared_as_numbers(self):
        self.assertEqual(package.newest(["GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.9", "GLIBC_PRIVATE", "GCC_3.0"]), (2, 34))
        self.assertGreater(package.newest(["GLIBC_2.36"]), package.GLIBC)
        self.assertLess(package.newest(["GLIBC_2.30"]), package.GLIBC)

    @unittest.skipUnless(sys.platform == "linux", "only Linux has programs of this kind")
    def test_the_needs_of_a_program_are_read(self):
        self.assertGreaterEqual(package.newest_glibc(sys.executable), (2, 2, 5))


if __name__ == "__main__":
    unittest.main()
