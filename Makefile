check:
	cargo build
