"""Takes the second version of the AWS CLI out of the package that has it as a Lambda layer.

    unpack.py FOLDER

Afterwards FOLDER/aws-v2 is the program.
"""

import glob
import io
import os
import shutil
import sys
import sysconfig
import tarfile
import zipfile


def main(folder):
    packages = os.path.join(sysconfig.get_path("purelib"), "aws_cdk", "asset_awscli_v2", "_jsii")
    (archive,) = glob.glob(os.path.join(packages, "*.tgz"))
    with tarfile.open(archive) as package:
        layer = io.BytesIO(package.extractfile("package/lib/layer.zip").read())
    unpacked = os.path.join(folder, "aws-v2-layer")
    shutil.rmtree(unpacked, ignore_errors=True)
    with zipfile.ZipFile(layer) as files:
        files.extractall(unpacked)
    (program,) = glob.glob(os.path.join(unpacked, "awscli", "v2", "*", "dist", "aws"))
    os.chmod(program, 0o755)
    link = os.path.join(folder, "aws-v2")
    if os.path.lexists(link):
        os.remove(link)
    os.symlink(os.path.abspath(program), link)


main(*sys.argv[1:])
