"""One thread a worker: cohorts are spread over processes, which would fight for cores."""

THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS",
)
"""What tells torch, numpy, numba and SimpleITK how many threads a process may use."""

ONE_THREAD = dict.fromkeys(THREADS, "1")
"""An environment in which a process uses one thread."""
