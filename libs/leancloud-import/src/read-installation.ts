import type { Installation } from '@hongyan/apps';

type Row = Readonly<Record<string, unknown>>;

const idPattern = /^[\x21-\x7e]{1,64}$/;
/** Characters of one record: a row is one request at most. */
const largestRecord = 90_000;
const longestText = 1_024;
const longestToken = 8_192;
const mostChannels = 1_000;

/** A row of the class `_Installation` as ours, or why it cannot be one. `text`: the row as it stands in the folder. */
export function readInstallation(row: Row, text: string): Installation | { readonly why: string } {
  const id = String(row['objectId']);
  if (!idPattern.test(id)) return { why: `"${id.slice(0, 80)}" cannot be an installation id here` };
  if (text.length > largestRecord) return { why: `the row is larger than ${largestRecord} characters` };
  const channels = Array.isArray(row['channels']) ? (row['channels'] as unknown[]) : [];
  const deviceType = textOf(row['deviceType']);
  const deviceToken = textOf(row['deviceToken'], longestToken);
  const installationId = textOf(row['installationId']);
  const timeZone = textOf(row['timeZone']);
  const updatedAt = Date.parse(String(row['updatedAt']));
  return {
    id,
    ...(deviceType === undefined ? {} : { deviceType }),
    ...(deviceToken === undefined ? {} : { deviceToken }),
    ...(installationId === undefined ? {} : { installationId }),
    ...(timeZone === undefined ? {} : { timeZone }),
    channels: channels
      .filter((channel): channel is string => textOf(channel) !== undefined)
      .slice(0, mostChannels),
    isValid: row['valid'] !== false,
    updatedAt: Number.isFinite(updatedAt) && updatedAt > 0 ? updatedAt : 0,
    record: text,
  };
}

/** What is no text, or too long to be looked up by, stands in the record only. */
const textOf = (value: unknown, longest = longestText): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined;
