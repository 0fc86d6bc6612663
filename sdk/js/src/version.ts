/** Version of the native protocol that this SDK speaks. */
export const protocolVersion = 1;
export const sdkVersion = '0.1.0';
