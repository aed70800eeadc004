-- SPDX-License-Identifier: Apache-2.0
-- What a token of Remit's own API may at most make: one JSON object, or null.

ALTER TABLE tokens ADD COLUMN ceiling TEXT;
