export function errorsPage(table: Readonly<Record<string, object>>): string;
