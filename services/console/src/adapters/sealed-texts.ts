import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { hkdfSync } from 'node:crypto';
import type { Sealing } from '../app/sign-in.ts';

const ENCRYPTION = 'A256GCM';

/**
 * Encrypted JSON Web Tokens.
 *
 * @param keys secrets; the first seals, each opens
 * @param issuer the console's address; texts sealed for another address are not opened
 */
export function createSealing(keys: readonly string[], issuer: string): Sealing {
  const derived = keys.map((key) => new Uint8Array(hkdfSync('sha256', key, '', 'runlane console', 32)));
  return {
    async seal(purpose, value, seconds) {
      const [current] = derived;
      if (current === undefined) throw new Error('There is no key to seal with.');
      return new EncryptJWT(value)
        .setProtectedHeader({ alg: 'dir', enc: ENCRYPTION })
        .setIssuer(issuer)
        .setAudience(purpose)
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1_000) + seconds)
        .encrypt(current);
    },

    async open(purpose, text) {
      for (const key of derived) {
        const value = await openedWith(key, text, { issuer, audience: purpose });
        if (value !== null) return { value, until: new Date((value.exp ?? 0) * 1_000) };
      }
      return null;
    },
  };
}

async function openedWith(key: Uint8Array, text: string, asked: { issuer: string; audience: string }) {
  try {
    const { payload } = await jwtDecrypt(text, key, {
      ...asked,
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: [ENCRYPTION],
      requiredClaims: ['exp'],
    });
    return payload;
  } catch (error) {
    // A foreign or damaged text signs nobody in, and is no fault of the console.
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}
