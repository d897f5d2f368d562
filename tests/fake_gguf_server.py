"""Stands in for app/llm/serve_gguf.py: the same lines on standard input and output, a scripted server behind them."""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import get_args

import openai_server
from wire_server import Act, Reply

wanted = json.loads(sys.stdin.readline())
if "killed" in wanted["path"]:
    os.kill(os.getpid(), signal.SIGKILL)
if "broken" in wanted["path"]:
    sys.exit("something went wrong")
if "silent" in wanted["path"]:
    sys.stdin.read()
    sys.exit(0)
openai_server.KEY = wanted["key"]
WORDS = ("Book the funds ", "to the returns account ", "within 2 hours.")
act = Path(wanted["path"]).stem
with openai_server.openai_server() as server:
    if act in get_args(Act):
        server.script.play(Reply(act, WORDS))  # type: ignore[arg-type]  # one of its acts
    elif act == "whole":
        server.script.play(Reply(words=WORDS))
    elif act == "dies":
        server.script.play(Reply("stall", WORDS))
        threading.Thread(target=lambda: (server.script.asked.wait(), os._exit(1)), daemon=True).start()
    sys.stdout.write(json.dumps({"url": server.url}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
