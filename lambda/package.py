"""Builds the package that Lambda runs: `bootstrap`, the project's `logq.toml` and its `queries/`, in one zip.

`make lambda` calls it from a virtual environment with what `requirements.txt` names. A plain `cargo build` would link
against the C library of this machine, which may be newer than the one in Lambda; the result is checked for that.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "target" / "lambda"
TRIPLES = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}

# The C library of Amazon Linux 2023, which provided.al2023 is.
GLIBC = (2, 34)
LIMIT = 15_000_000
# Each function gets a name of its own, by which `hot.txt` tells it from others; the Makefile has the same.
FLAGS = "-C symbol-mangling-version=v0"
# One moment for every entry: the same files make the same zip, and an unchanged package is not deployed again.
MOMENT = (1980, 1, 1, 0, 0, 0)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--arch", choices=sorted(TRIPLES), default="arm64")
    arguments.add_argument("--config", type=pathlib.Path, default=ROOT, help="folder of logq.toml and queries/")
    given = arguments.parse_args()

    binary = build(given.arch)
    needed = newest_glibc(binary)
    if needed > GLIBC:
        sys.exit(f"package: bootstrap needs glibc {dotted(needed)}, Lambda has {dotted(GLIBC)}")
    package = OUT / f"logq-lambda-{given.arch}.zip"
    pack(package, contents(binary, given.config))
    if package.stat().st_size > LIMIT:
        sys.exit(f"package: {package} has {package.stat().st_size:,} bytes, expected at most {LIMIT:,}")
    # The template names one file, whichever processor it was built for last.
    shutil.copyfile(package, OUT / "logq-lambda.zip")
    print(f"{package.relative_to(ROOT)}: {package.stat().st_size:,} bytes, bootstrap needs glibc {dotted(needed)}")


def build(arch):
    """Compiles `bootstrap` and returns where it is."""
    triple = TRIPLES[arch]
    add_target(triple)
    folder = OUT / arch
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    command = ["cargo", "lambda", "build", "--locked", "--profile", "lambda", "--target", triple]
    command += ["--package", "logq-lambda", "--bin", "bootstrap", "--lambda-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, env=flagged({**os.environ, "PATH": path}), check=True)
    return folder / "bootstrap" / "bootstrap"


def flagged(environment):
    """Returns the environment with our flags behind those of the user, where cargo looks for them first."""
    encoded = environment.get("CARGO_ENCODED_RUSTFLAGS")
    if encoded is not None:
        flags = [flag for flag in encoded.split("\x1f") if flag] + FLAGS.split()
        return {**environment, "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags)}
    return {**environment, "RUSTFLAGS": f"{environment.get('RUSTFLAGS', '')} {FLAGS}".strip()}


def add_target(triple):
    """Adds the standard library of `triple` where rustup keeps the toolchain; elsewhere it is for the user to have."""
    if shutil.which("rustup") is None:
        return
    listed = subprocess.run(["rustup", "target", "list", "--installed"], cwd=ROOT, capture_output=True, text=True, check=True)
    if triple not in listed.stdout.split():
        subprocess.run(["rustup", "target", "add", triple], cwd=ROOT, check=True)


def newest_glibc(binary):
    """Returns the newest version of glibc that the binary asks for, as numbers."""
    from elftools.elf.elffile import ELFFile

    with open(binary, "rb") as file:
        section = ELFFile(file).get_section_by_name(".gnu.version_r")
        names = [need.name for _, needs in section.iter_versions() for need in needs]
    return newest(names)


def newest(names):
    """Returns the largest of the `GLIBC_` versions among `names`, as numbers."""
    versions = [name[len("GLIBC_"):] for name in names if name.startswith("GLIBC_2")]
    return max((tuple(int(part) for part in version.split(".")) for version in versions), default=(0,))


def dotted(version):
    return ".".join(str(part) for part in version)


def contents(binary, config):
    """Returns what goes into the package: name in the zip and file, sorted by name."""
    files = {"bootstrap": binary}
    if (config / "logq.toml").is_file():
        files["logq.toml"] = config / "logq.toml"
    for query in (config / "queries").glob("*.toml"):
        files[f"queries/{query.name}"] = query
    return sorted(files.items())


def pack(package, files):
    """Writes the zip; `bootstrap` alone may be executed."""
    package.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, file in files:
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.create_system = 3
            entry.external_attr = (0o755 if name == "bootstrap" else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes(), compresslevel=9)


if __name__ == "__main__":
    main()
