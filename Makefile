# The front door. Meson does the work; see meson.build. Where make isn't installed yet: scripts/demo and scripts/test.
.PHONY: all demo test bench install format clean

BUILD ?= build
PREFIX ?= /usr/local

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	scripts/install-deps build
	meson setup $(BUILD) --prefix=$(PREFIX)

demo:
	scripts/demo

test:
	scripts/test

bench:
	scripts/install-deps bench
	bench/run

install: all
	meson install -C $(BUILD) --no-rebuild

format:
	scripts/format

clean:
	rm -rf build build-*
