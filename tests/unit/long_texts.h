#pragma once

/* Texts that fill a limit to its last byte. */

#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
