/**
 * How TLS is spoken. With forward secrecy only: who gets hold of the private key later must not
 * read what was recorded before.
 */

/**
 * For the listener, and again with each new certificate: a server drops every option that is not
 * given again.
 */
export const TLS_OPTIONS = {
  minVersion: 'TLSv1.2',
  /**
   * TLS 1.3 has no suite without forward secrecy; of TLS 1.2 those with an ephemeral key exchange
   * and authenticated encryption.
   */
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
} as const;
