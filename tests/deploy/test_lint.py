"""What other people's tools say of the template and the module. All of them work without a network or an account."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(sys.executable).parent
REGION = "ap-northeast-1"


def said(command, folder=ROOT, **environment):
    """Runs a tool and returns its exit code with what it printed."""
    ran = subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env={**os.environ, "AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0", "NO_COLOR": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ran.returncode, ran.stdout


class Template(unittest.TestCase):
    def test_cfn_lint(self):
        self.assertEqual(said([TOOLS / "cfn-lint", "--regions", REGION, "us-east-1", "--", "template.yaml"]), (0, ""))

    def test_sam_validate(self):
        code, text = said([TOOLS / "sam", "validate", "--lint", "--template", "template.yaml", "--region", REGION])
        self.assertEqual(code, 0, text)

    def test_checkov(self):
        checkov, config = os.environ["CHECKOV"], "tests/deploy/checkov.yaml"
        for target in (["--file", "template.yaml"], ["--directory", "terraform"]):
            code, text = said([checkov, "--config-file", config, *target])
            self.assertEqual(code, 0, text)


@unittest.skipIf(shutil.which("terraform") is None, "terraform is not installed; test_drift.py has read the module")
class Terraform(unittest.TestCase):
    def setUp(self):
        # A copy: what `init` writes is not for the checkout. An empty configuration: the user's could name anything.
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name) / "module"
        shutil.copytree(ROOT / "terraform", self.folder)

    def terraform(self, *arguments):
        return said(["terraform", *arguments], self.folder, TF_CLI_ARGS="-no-color", TF_IN_AUTOMATION="1")

    def test_fmt(self):
        code, text = self.terraform("fmt", "-check", "-diff", "-recursive")
        self.assertEqual(code, 0, text)

    def test_plans(self):
        # The provider is no Python package. Who has it unpacked on disk says where, and the module is planned with it.
        plugins = os.environ.get("TERRAFORM_PLUGINS")
        if plugins is None:
            self.skipTest("TERRAFORM_PLUGINS names no folder with the AWS provider")
        for step in (["init", "-backend=false", "-input=false", "-plugin-dir", plugins], ["validate"], ["test"]):
            code, text = self.terraform(*step)
            self.assertEqual(code, 0, text)


if __name__ == "__main__":
    unittest.main()
