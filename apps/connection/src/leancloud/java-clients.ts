import type { SessionCommand } from '@hongyan/leancloud';

/** Clients for Java and Android name themselves so in every login. */
export const isJava = ({ ua = '' }: SessionCommand = {}): boolean => /java(?!script)|android/i.test(ua);
