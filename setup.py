"""Builds the recogniser's native kernels where that is possible; everything else stands in pyproject.toml."""

import platform
import sys

from setuptools import Extension, setup

AVX512 = ["f", "bw", "vl", "dq", "vnni", "bf16", "vbmi"]

kernels = Extension(
    "ingest.kernels._cpu",
    ["ingest/kernels/cpu.cpp"],
    language="c++",
    extra_compile_args=[
        "-O3",
        "-std=c++17",
        "-fopenmp",
        *(f"-mavx512{name}" for name in AVX512),
        "-mamx-tile",
        "-mamx-bf16",
        "-mamx-int8",
        "-Wno-uninitialized",  # GCC 12 warns of its own headers
        "-Wno-maybe-uninitialized",
    ],
    extra_link_args=["-fopenmp"],
    optional=True,  # without a compiler, or with one that is too old, the recogniser works in torch alone
)

fits = sys.platform == "linux" and platform.machine() == "x86_64"
setup(ext_modules=[kernels] if fits else [])
