-- SPDX-License-Identifier: Apache-2.0
-- The key that something is bound to (RFC 9449): its thumbprint. Of a code, what its request named; of a family, what
-- its refresh tokens need a proof of.
ALTER TABLE tokens ADD COLUMN jkt BLOB CHECK (jkt IS NULL OR length(jkt) = 32);
ALTER TABLE codes ADD COLUMN jkt BLOB CHECK (jkt IS NULL OR length(jkt) = 32);
ALTER TABLE refresh_families ADD COLUMN jkt BLOB CHECK (jkt IS NULL OR length(jkt) = 32);
