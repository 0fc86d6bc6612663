import type { JsonSchema } from '@hongyan/rest';
import type { OpenApiDocument, OpenApiOperation, OpenApiParameter } from './openapi.js';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Text with `code` marked. */
const prose = (text: string): string => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

/** The API document as one page for people, without scripts or outside assets. */
export function referencePage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))];
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag));
    return `<h2 id="${tag}">${tag}</h2>\n${own.map(operationHtml).join('\n')}`;
  });
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      `<details id="schema-${escaped(name)}"><summary>${escaped(name)}</summary>${pre(schema)}</details>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(document.info.title)}</title><style>${STYLE}</style></head><body>
<nav><strong>Hongyan</strong>${tags.map((tag) => `<a href="#${tag}">${tag}</a>`).join('')}<a href="#schemas">Schemas</a><a href="openapi.json">openapi.json</a></nav>
<main><h1>${escaped(document.info.title)}</h1><p>${prose(document.info.description)}</p>
<pre>curl https://HOST/api/v1/conversations/ID/messages \\
  -H 'x-hongyan-app: APP' -H 'authorization: Bearer MASTER-KEY' \\
  -H 'content-type: application/json' -d '{"from":"alice","body":"hello"}'</pre>
${sections.join('\n')}
<h2 id="schemas">Schemas</h2>
${schemas.join('\n')}
</main></body></html>
`;
}

function operationHtml({
  method,
  path,
  operation,
}: {
  method: string;
  path: string;
  operation: OpenApiOperation;
}): string {
  const body = operation.requestBody?.content['application/json']?.schema;
  const answer = operation.responses['200']?.content?.['application/json']?.schema;
  const parameters = operation.parameters.filter((parameter) => parameter.in !== 'path');
  return `<details><summary><b class="${method}">${method.toUpperCase()}</b> <code>${escaped(path)}</code> <span>${prose(operation.summary)}</span></summary>
${parameters.length === 0 ? '' : `<table>${parameters.map(parameterHtml).join('')}</table>`}
${body === undefined || Object.keys(body.properties ?? {}).length === 0 ? '' : `<h4>Body</h4>${pre(body)}`}
${answer === undefined ? '' : `<h4>Answer</h4>${pre(answer)}`}</details>`;
}

function parameterHtml({ name, in: place, required, description, schema }: OpenApiParameter): string {
  const type = typeof schema.type === 'string' ? schema.type : '';
  return `<tr><td><code>${escaped(name)}</code></td><td>${place}${required ? ', required' : ''}</td><td>${escaped(type)}</td><td>${prose(description ?? '')}</td></tr>`;
}

const pre = (schema: JsonSchema): string => {
  const text = escaped(JSON.stringify(schema, null, 2));
  return `<pre>${text.replaceAll(/#\/components\/schemas\/(\w+)/g, '<a href="#schema-$1">$1</a>')}</pre>`;
};

const STYLE = `
body{margin:0;font:15px/1.5 system-ui,sans-serif;color:#1c2430;background:#fff}
nav{position:sticky;top:0;display:flex;gap:1rem;flex-wrap:wrap;padding:.6rem 1.2rem;background:#1c2430;color:#fff}
nav a{color:#cfe3ff;text-decoration:none}main{max-width:60rem;margin:0 auto;padding:1rem 1.2rem 6rem}
h2{margin-top:2.2rem;border-bottom:1px solid #dde3ea}details{margin:.25rem 0;border:1px solid #dde3ea;border-radius:6px;padding:.35rem .7rem}
summary{cursor:pointer}summary span{color:#556}b{display:inline-block;min-width:4.2em;font-size:12px;color:#0a5}
b.post,b.put,b.patch{color:#06c}b.delete{color:#b30}pre{overflow:auto;background:#f5f7fa;padding:.7rem;border-radius:6px;font-size:13px}
table{border-collapse:collapse;margin:.5rem 0}td{padding:.15rem .8rem .15rem 0;vertical-align:top}code{font-size:13px}
@media(prefers-color-scheme:dark){body{background:#12161c;color:#dde3ea}pre{background:#1c2430}details,h2{border-color:#333c48}summary span{color:#9aa7b5}a{color:#8ab4ff}}`;
