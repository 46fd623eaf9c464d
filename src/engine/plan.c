/* SPDX-License-Identifier: MIT */
#include "amend.h"
