"""The embedded server's process: llama.cpp's OpenAI-compatible server on a free port of 127.0.0.1.

Reads one JSON object from standard input ({"path", "context", "threads", "key"}), writes {"url"} when ready, and
ends as soon as standard input closes, which happens however the parent ends. Run by its path, so that it imports
nothing of this project and starts quickly.
"""

import json
import os
import sys

import xllamacpp  # type: ignore[import-untyped]  # ships no types

_PROMPT_CACHE_MIB = 256
_BATCH = 256  # prompt tokens read at a time: a question that was given up holds the server no longer


def make_params(wanted: dict[str, object]) -> xllamacpp.CommonParams:
    """llama.cpp's parameters for one GGUF file."""
    threads = int(str(wanted["threads"]))
    params = xllamacpp.CommonParams()
    params.model.path = str(wanted["path"])
    params.n_ctx = int(str(wanted["context"]))
    params.api_keys = [str(wanted["key"])]
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # the system chooses a free one
    params.n_parallel = 1
    params.cache_prompt = True
    params.cache_ram_mib = _PROMPT_CACHE_MIB
    params.n_batch = params.n_ubatch = _BATCH
    params.cpuparams_batch.n_threads = threads
    # Writing words is bound by memory, not by cores. With a thread on each core of a busy machine every word waits
    # for the slowest: 1 word a second instead of 15 was seen on two cores. Half of the cores lose nothing.
    params.cpuparams.n_threads = max(1, threads // 2)
    params.cpuparams.poll = params.cpuparams_batch.poll = 0  # waiting threads leave the core to others
    params.ui = params.endpoint_slots = False
    params.cors_origins = ""
    params.offline = True
    params.verbosity = 1  # errors only: a log with prompts would hold what people typed
    return params


def main() -> None:
    """Serve until standard input closes."""
    try:
        server = xllamacpp.Server(make_params(json.loads(sys.stdin.readline())))
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        os._exit(1)
    sys.stdout.write(json.dumps({"url": server.listening_address}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # at once, also in the middle of an answer


if __name__ == "__main__":
    main()
