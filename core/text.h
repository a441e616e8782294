/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * text.h - what of a text may be shown as it is.
 */
#ifndef EMF_CORE_TEXT_H
#define EMF_CORE_TEXT_H

#include <stddef.h>

/**
 * emf_text_character() - the rule of emf_text(), for one character
 * @text: where it begins
 * @left: bytes until the end, at least 1
 *
 * Return: the length of the character, if it may be shown as it is; 0 for a
 * control character (C0, DEL, C1) and for what is not UTF-8.
 */
size_t emf_text_character(const char *text, size_t left);

#endif
