# One name for each thing to do; `make help` lists them.

VENV := .venv
PYTHON := $(VENV)/bin/python
CLIENTS := simulator/tests/clients

# The Lambda's processor (arm64, x86_64), and the folder with the logq.toml and queries/ that go with it.
ARCH := arm64
CONFIG := .
# As `lambda/package.py` has it.
LAMBDA_FLAGS := -C symbol-mangling-version=v0

.PHONY: help build lambda lambda-hot test test-simulator check check-deploy fmt bench bench-lambda bench-delivery bench-aws bench-functions fuzz clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

build: ## Build the release binary, target/release/logq
	cargo build --release --locked

lambda: $(VENV)/package/ready ## Build the Lambda's package below target/lambda/ (ARCH, CONFIG)
	$(VENV)/package/bin/python lambda/package.py --arch $(ARCH) --config "$(CONFIG)"

lambda-hot: $(VENV)/bench-ready ## Write anew which functions of the Lambda lie side by side, lambda/hot.txt (needs valgrind)
	RUSTFLAGS="$$RUSTFLAGS $(LAMBDA_FLAGS)" cargo rustc --profile lambda --locked --package logq-lambda --bin bootstrap -- -C strip=none
	$(PYTHON) bench/hot.py target/lambda/bootstrap

test: check-deploy $(VENV)/moto/ready $(VENV)/aws-clients/ready ## Run every test
	cargo test --locked --workspace
	$(VENV)/aws-clients/bin/python -m unittest discover $(CLIENTS)

test-simulator: $(VENV)/aws-clients/ready ## Read the simulator of CloudWatch Logs with the clients that people use
	cargo build --locked --package logq-simulator
	$(VENV)/aws-clients/bin/python -m unittest discover $(CLIENTS)

fmt: ## Format the code
	cargo fmt --all

check: ## Formatting, lints and documentation, warnings as errors, and whether the fuzz targets' lock file is whole
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --lib --profile test --no-default-features -- -D warnings
	cargo clippy --locked --no-default-features --features cli -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml > /dev/null

check-deploy: $(VENV)/deploy/ready $(VENV)/checkov/ready ## Lint and test template.yaml, terraform/ and the package
	CHECKOV=$(abspath $(VENV)/checkov/bin/checkov) $(VENV)/deploy/bin/python -m unittest discover tests/deploy

bench: build $(VENV)/bench-ready ## Time the binary beside the peers that are installed, one table
	$(PYTHON) bench/peers.py target/release/logq

bench-lambda: $(VENV)/bench-ready ## Time the Lambda beside a plain Python handler, one table
	RUSTFLAGS="$$RUSTFLAGS $(LAMBDA_FLAGS)" cargo build --profile lambda --locked --package logq-lambda
	$(PYTHON) bench/lambda.py target/lambda/bootstrap

bench-delivery: ## Time the steps of a delivery in the Lambda, each for one event (criterion)
	cargo bench --locked --no-default-features --bench delivery

bench-aws: $(VENV)/aws-clients/ready build ## Time the binary beside the AWS clients on the simulator, one table
	cargo build --release --locked --package logq-simulator
	$(VENV)/aws-clients/bin/python bench/aws.py target/release/logq target/release/cloudwatch-simulator

bench-functions: ## Time single functions (criterion)
	cargo bench --locked

$(VENV)/bench-ready: bench/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --requirement bench/requirements.txt
	touch $@

# Tools that want other versions of the same libraries have an environment each.
$(VENV)/package/ready: lambda/requirements.txt
$(VENV)/deploy/ready: tests/deploy/requirements.txt
$(VENV)/checkov/ready: tests/deploy/requirements-checkov.txt
$(VENV)/moto/ready: lambda/tests/requirements.txt
$(VENV)/aws-clients/ready: $(CLIENTS)/requirements.txt $(CLIENTS)/requirements-aws-v2.txt $(CLIENTS)/unpack.py
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --requirement $(CLIENTS)/requirements.txt
	$(@D)/bin/pip install --quiet --no-deps --requirement $(CLIENTS)/requirements-aws-v2.txt
	$(@D)/bin/python $(CLIENTS)/unpack.py $(@D)
	touch $@

$(VENV)/package/ready $(VENV)/deploy/ready $(VENV)/checkov/ready $(VENV)/moto/ready:
	python3 -m venv $(@D)
	$(@D)/bin/pip install --quiet --requirement $<
	touch $@

fuzz: ## Run every fuzz target for a minute
	fuzz/run.sh 60

clean: ## Remove everything that was built
	cargo clean
	rm -rf $(VENV) fuzz/target
