/* SPDX-License-Identifier: Apache-2.0
 * The compiled form of a policy. It holds what was declared, in the order in which it was, and is
 * loaded by declaring it again: so bytes can make no policy that calls could not.
 *
 *   image     = "REMITPOL" version:u32 scopes:u32 scope* operations:u32 operation* crc32:u32
 *   scope     = text implied:u16 (scope number:u16)*
 *   operation = kind:u8 key:text key:text key:text need whens:u8 when* project:u8 source:u8 name:text
 *   when      = test:u8 source:u8 name:text value:text need
 *   need      = kind:u8 alternatives:u8 (scopes:u16 (scope number:u16)*)*
 *   text      = length:u16 bytes; length 0xffff is no text
 *
 * Numbers are little-endian. The CRC is of all that stands before it.
 * core: may include base.
 */
#ifndef REMIT_CORE_IMAGE_H
#define REMIT_CORE_IMAGE_H

#define IMAGE_MAGIC "REMITPOL"
#define IMAGE_MAGIC_BYTES 8
#define IMAGE_VERSION 1
#define IMAGE_NO_TEXT 0xffff
#define IMAGE_CRC_BYTES 4

#endif
