/* The door to PCRE2's library for bytes, for CtxtopPattern alone. The width is chosen here: a flag of the whole
   package would be seen by every other door, too. */
#pragma once
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
