export function fetchJars(pom: string, folder: string, needs: string): void;
