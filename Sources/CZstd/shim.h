/* The door to Zstandard, for the recordings of CtxtopStore alone: its stable functions only. */
#pragma once
#include <zstd.h>
