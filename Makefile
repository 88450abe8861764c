# The verbs of this repository. `make help` lists them.

TARGET := $(or $(CARGO_TARGET_DIR),target)

.DEFAULT_GOAL := help
.PHONY: help run test lint fmt deny openapi types contract page bench image packages

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: packages ## build the release and serve on 127.0.0.1:8080 with a private Postgres in ./data
	cargo build --release --bin farol
	@exec $(TARGET)/release/farol serve

test: ## run every test against the real binary and real counterparts
	@.ci/packages test
	@.ci/counterparts >/dev/null
	cargo build --bin farol
	cargo test --workspace

lint: ## formatting, clippy, licences and bans
	@.ci/packages lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@$(MAKE) --no-print-directory deny

fmt: ## format the code
	cargo fmt --all

deny: ## licences, banned crates and sources of every dependency
	.ci/deny

openapi: packages ## write openapi/openapi.json from the code
	@mkdir -p openapi $(TARGET)
	cargo run -q --bin farol -- openapi > $(TARGET)/openapi.json
	@cmp -s $(TARGET)/openapi.json openapi/openapi.json || cp $(TARGET)/openapi.json openapi/openapi.json

contract: ## lint the OpenAPI document and fuzz the running service against it
	@.ci/packages contract
	cargo build --bin farol
	CONTRACT_BIN=$(TARGET)/debug/farol .ci/contract

types: ## write examples/page/api.d.ts from openapi/openapi.json
	@.ci/packages contract
	.ci/page types

page: ## read the reference frontend in headless Chromium, over the running service
	@.ci/packages page
	cargo build --bin farol
	PAGE_BIN=$(TARGET)/debug/farol .ci/page

bench: packages ## measure reads, writes, deliveries and memory of the release binary
	cargo build --release --bin farol --bin bench
	$(TARGET)/release/bench

image: ## build the container image farol:latest
	docker build --tag farol:latest .

packages: ## install the system packages that are missing
	@.ci/packages
