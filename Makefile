# Two commands matter: `make course` opens the lessons, `make test` runs every test.
# PYTHON chooses the interpreter that .venv is made with; ARGS is handed on to the command.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
RUN := $(VENV)/bin/python

# Without it each of the many short processes of the tests and of the grader would compile bnlib anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: course update test notebooks figures bench bench-full handout

course: $(VENV)/.installed
	@$(RUN) -m bnlib course $(ARGS)

update: $(VENV)/.installed
	@$(RUN) -m bnlib update $(ARGS)

handout: $(VENV)/.installed
	@$(RUN) -m bnlib handout $(ARGS)

notebooks: $(VENV)/.installed
	@$(RUN) -m bnlib notebooks $(ARGS)

figures: $(VENV)/.installed
	@test -f figures/make.py || { echo "There is no figures/make.py here."; exit 1; }
	@$(RUN) figures/make.py $(ARGS)
	@$(RUN) -c "import playwright" 2>/dev/null && $(RUN) figures/screenshot.py || echo "course.png stays as it is: it is taken with playwright (make test installs it) and Chromium."

bench: $(VENV)/.installed-test
	@test -f benchmarks/run.py || { echo "There are no benchmarks here; a handout has none."; exit 1; }
	@$(RUN) benchmarks/run.py $(ARGS)

# The sizes that were promised, where `make bench` takes small samples. It lasts long.
bench-full: $(VENV)/.installed-test
	@test -f benchmarks/run.py || { echo "There are no benchmarks here; a handout has none."; exit 1; }
	@$(RUN) benchmarks/run.py --full $(ARGS)

test: $(VENV)/.installed-test
	@test -d tests || { echo "There are no tests here; a handout has none."; exit 1; }
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(RUN) -m pytest -n 2 --dist loadfile $(ARGS)

# Made again when its sources changed. The stamps come last, so that a broken download is tried again.
$(VENV)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "The course needs Python 3.11 or newer. Name one: make course PYTHON=python3.12"; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Installing what the course needs into $(VENV). This is done once and takes a few minutes."
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what the tests need into $(VENV)."
	@$(RUN) -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@
