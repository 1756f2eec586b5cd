// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The few names below /dev that every Unix program takes for granted. None of them is authority: null and zero are nobody's, tty is the
 * terminal that was granted, random and urandom are the EntropySource that was granted, stdin, stdout, stderr and fd/N are descriptors.
 */
#pragma once

struct stat;

/* A descriptor, or a negative errno value; -ENODEV: it is none of these names. */
long posix_device_open(const char *path, int flags);
/* 0, or -ENODEV. */
long posix_device_stat(const char *path, struct stat *to);

struct posix_kind;
/* Devices without a capability, as a letter and back: 0 and null: none. */
char posix_device_letter(const struct posix_kind *kind);
const struct posix_kind *posix_device_of(char letter);
