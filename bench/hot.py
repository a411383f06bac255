"""Writes `lambda/hot.txt`: the functions of `bootstrap` that deliveries run through, for the linker to put side by side.

    hot.py BOOTSTRAP

BOOTSTRAP has its symbols; `make lambda-hot` builds it so. It takes the payloads of `lambda.py` under valgrind, and
takes them again with SNS: what runs only then comes last. A name may stand for several functions; of those names of
which little ran, the least comes last.

BENCH_PAYLOADS=12
"""

import collections
import importlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

os.environ.setdefault("BENCH_PAYLOADS", "12")

from payloads import payloads

BENCH = importlib.import_module("lambda")

HOT = pathlib.Path(__file__).resolve().parent.parent / "lambda" / "hot.txt"
# What another compiler, build or version has another of: of crates, of names that the linker made local, and of the
# cryptography in C.
HASHES = re.compile(r"(?<=Cs)[0-9A-Za-z]+(?=_)|(?<=\.)\d+$|(?<=^aws_lc_)\d+_\d+_\d+")
# Where in a name something is that comes again: it depends on how long the hashes are.
PLACES = re.compile(r"(?<=B)[0-9A-Za-z]{1,2}(?=_)")
# What runs in place of something else on another processor; valgrind's knows little.
ELSEWHERE = ["_R*Cs*_4sha2*", "_R*Cs*_6memchr4arch*", "_R*Cs*_7zlib_rs*", "_R*Cs*_11base64_simd*"]
HEAD = """\
# The functions that deliveries run through, as the linker names them, those with SNS last: `make lambda-hot`.
"""


def ran(command, more, waiting):
    """Returns the symbols of the functions that ran, also those of libraries."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={out}"]
        BENCH.run(valgrind + command, more, waiting, end=subprocess.Popen.terminate)
        text = pathlib.Path(out).read_text(encoding="utf-8")
    return set(re.findall(r"^c?fn=\(\d+\) ([^\s']+)", text, re.MULTILINE))


def name(symbol):
    """Returns a pattern for the symbol in this build and in others."""
    return PLACES.sub(lambda place: "?" * len(place[0]), HASHES.sub("*", symbol))


def sizes(binary):
    """Returns how large each function is."""
    listed = subprocess.run(["nm", "--print-size", binary], capture_output=True, text=True, check=True)
    fields = (line.split() for line in listed.stdout.splitlines())
    return {entry[3]: int(entry[1], 16) for entry in fields if len(entry) == 4}


def main(binary):
    waiting = list(payloads(BENCH.PAYLOADS))
    commands, size = BENCH.commands(binary), sizes(binary)
    plain, sns = (ran(*commands[one], waiting) & size.keys() for one in ("logq", "logq, with SNS"))
    if not plain:
        sys.exit(f"hot: valgrind saw no function of {binary} run; was it built without its symbols?")
    whole, part = collections.Counter(), collections.Counter()
    for symbol in size:
        whole[name(symbol)] += size[symbol]
        part[name(symbol)] += size[symbol] * (symbol in plain or symbol in sns)
    always, rarely = {name(symbol) for symbol in plain}, {name(symbol) for symbol in sns}
    lines = ELSEWHERE[:]
    for names in (always, rarely - always):
        lines += sorted(names, key=lambda one: (-round(part[one] / max(whole[one], 1), 1), one))
        print(f"{len(names)} names, {sum(whole[one] for one in names) >> 10} KiB")
    HOT.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
