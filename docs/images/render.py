#!/usr/bin/env python3
"""Draws the Slack messages of alerts.json, which a test keeps equal to what is sent, as Slack would show them.

Needs Chromium: docs/images/render.py writes slack-*.png beside itself.
"""

import html
import json
import pathlib
import re
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
#: Picture: the messages in it, and the height in pixels that they need.
PICTURES = {
    "slack-failed-batch": (["failed-batch"], 400),
    "slack-migrations": (["failed-migration", "migrated"], 660),
    "slack-errors": (["new-error", "repeat"], 740),
    "slack-thread": (["resolved", "thread-details", "thread-resolved"], 800),
    "slack-storm": (["storm"], 260),
}
STYLE = """
body { margin: 0; padding: 14px 18px; width: 724px; font: 15px/1.46 "Liberation Sans", Arial, sans-serif; color: #1d1c1d; background: #fff; }
.message { display: flex; gap: 9px; margin-bottom: 14px; }
.reply { margin-left: 40px; }
.face { flex: none; width: 36px; height: 36px; border-radius: 8px; background: #24505a; color: #fff; font: bold 15px/36px sans-serif; text-align: center; }
.body { flex: 1; min-width: 0; }
.name { font-weight: 900; } .app { font-size: 10px; background: #ececec; color: #616061; border-radius: 2px; padding: 1px 3px; margin-left: 4px; }
.header { font-size: 18px; font-weight: 900; line-height: 1.33; margin: 4px 0 6px; }
.context { font-size: 13px; color: #616061; margin: 2px 0 6px; }
.section { margin: 4px 0; overflow-wrap: anywhere; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 6px; margin: 6px 0; }
pre { font: 12px/1.5 "DejaVu Sans Mono", monospace; background: #f8f8f8; border: 1px solid #ddd; border-radius: 4px; padding: 8px; margin: 4px 0; white-space: pre-wrap; }
a { color: #1264a3; text-decoration: none; }
"""


def markup(text):
    """Turns Slack's markup into HTML; its entities are HTML's."""
    parts = text.split("```")
    out = []
    for at, part in enumerate(parts):
        if at % 2:
            out.append(f"<pre>{part.strip(chr(10))}</pre>")
            continue
        part = re.sub(r"<(https?:[^|>]+)\|([^>]+)>", r'<a href="\1">\2</a>', part)
        part = re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", part)
        out.append(part.strip("\n").replace("\n", "<br>"))
    return "".join(out)


def block(one):
    if one["type"] == "header":
        return f'<div class="header">{html.escape(one["text"]["text"])}</div>'
    if one["type"] == "context":
        return "".join(f'<div class="context">{markup(e["text"])}</div>' for e in one["elements"])
    if "fields" in one:
        cells = "".join(f"<div>{markup(field['text'])}</div>" for field in one["fields"])
        return f'<div class="fields">{cells}</div>'
    return f'<div class="section">{markup(one["text"]["text"])}</div>'


def message(name, payload):
    blocks = "".join(block(one) for one in payload["blocks"])
    reply = " reply" if name.startswith("thread-") else ""
    return (
        f'<div class="message{reply}"><div class="face">lq</div><div class="body">'
        f'<div><span class="name">logq</span><span class="app">APP</span></div>{blocks}</div></div>'
    )


def draw(chromium, page, target, height):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "page.html")
        source.write_text(page, encoding="utf-8")
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size=760,{height}"
        subprocess.run(
            [*command, size, f"--screenshot={target}", source.as_uri()],
            check=True, stderr=subprocess.DEVNULL, timeout=120,
        )


def main():
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("render.py: Chromium is not installed")
    payloads = json.loads((HERE / "alerts.json").read_text(encoding="utf-8"))
    for picture, (names, height) in PICTURES.items():
        body = "".join(message(name, payloads[name]) for name in names)
        page = f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><body>{body}'
        draw(chromium, page, HERE / f"{picture}.png", height)


if __name__ == "__main__":
    main()
