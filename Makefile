# The front door. Meson does the work; see meson.build.
.PHONY: all demo test bench install format clean

BUILD ?= build

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	scripts/install-deps build
	meson setup $(BUILD)

demo:
	scripts/demo

test:
	scripts/test

bench:
	bench/run

install: all
	meson install -C $(BUILD)

format:
	scripts/format

clean:
	rm -rf build build-*
