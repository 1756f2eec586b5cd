# SPDX-License-Identifier: MIT OR Apache-2.0
# libsodium: BLAKE2b in its portable form (no vector registers, so that the kernel can use it).
PORT_PACKAGE_libsodium  := libsodium
PORT_VERSION_libsodium  := 1.0.18-1+deb12u1
PORT_SHA256_libsodium   := d59323c6b712a1519a5daf710b68f5e7fde57040845ffec53850911f10a5d4f4
PORT_LICENCE_libsodium  := ISC AND CC0-1.0
PORT_SIDES_libsodium    := kernel user host
PORT_FILES_libsodium    := $(addprefix src/libsodium/crypto_generichash/blake2b/ref/,blake2b-ref.c blake2b-compress-ref.c)
PORT_CFLAGS_libsodium   := -DCONFIGURED=1 -DNATIVE_LITTLE_ENDIAN=1 -DHAVE_TI_MODE=1
PORT_INCLUDES_libsodium := src/libsodium/include/sodium src/libsodium/crypto_generichash/blake2b/ref
