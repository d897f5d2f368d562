"""Stands in for app/llm/serve_gguf.py: the same lines on standard input and output, a scripted server behind them."""

import json
import os
import signal
import sys

import openai_server

wanted = json.loads(sys.stdin.readline())
if "killed" in wanted["path"]:
    os.kill(os.getpid(), signal.SIGKILL)
if "broken" in wanted["path"]:
    sys.exit("something went wrong")
if "silent" in wanted["path"]:
    sys.stdin.read()
    sys.exit(0)
openai_server.KEY = wanted["key"]
with openai_server.openai_server() as server:
    sys.stdout.write(json.dumps({"url": server.url}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
