import process from 'node:process';

const API = (process.argv[2] ?? process.env.DAYFLY_URL ?? '{url}').replace(/\/$/, '');
const TOKEN = process.env.DAYFLY_ADMIN_TOKEN ?? 'none';

class Different extends Error {}

/** The story's own organisation on a running mock, with a frozen clock. Without a policy it is the mock itself. */
class Organization {
  path = '';

  static async make(policy) {
    const mock = new Organization();
    if (policy) {
      const made = await mock.world('POST', '/organizations', { name: 'dayfly story', policy });
      mock.path = `/organizations/${made.id}`;
      mock.client = [made.client_id, made.client_secret];
    }
    await mock.world('POST', '/clock/freeze', {});
    return mock;
  }

  /** Calls the control API for this organisation. */
  async world(method, path, body) {
    const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
    const answer = await fetch(`${API}/__admin${this.path}${path}`, { method, headers, body: JSON.stringify(body) });
    const told = await answer.text();
    if (!answer.ok) throw new Error(`the control API answers ${answer.status}: ${told}`);
    return told ? JSON.parse(told) : undefined;
  }

  /** Deletes the organisation, unless DAYFLY_KEEP is set. The clock of a whole mock runs on. */
  async leave() {
    if (!this.path) {
      await this.world('DELETE', '/faults');
      await this.world('POST', '/clock/resume', {});
    } else if (!process.env.DAYFLY_KEEP) await this.world('DELETE', '');
  }
}

const basic = (id, secret) => 'Basic ' + Buffer.from(`${id}:${secret}`).toString('base64');
const encoded = (text) => Buffer.from(text).toString('base64url');
const cookie = ({ headers }, name) =>
  headers.getSetCookie().find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1).split(';')[0];

/** Sends a request. The status is `none` without an answer, `cut` if its body ended early. */
async function call(words, method, address, headers = {}, body = '', fill = 0) {
  const bytes = Buffer.from(body);
  const filled = Buffer.concat([bytes, Buffer.alloc(Math.max(0, fill - bytes.length), ' ')]);
  const content = ['GET', 'HEAD'].includes(method) ? undefined : filled;
  const told = { status: 'none', headers: new Headers(), document: {} };
  try {
    const answer = await fetch(API + address, { method, headers, body: content, redirect: 'manual' });
    [told.status, told.headers] = ['cut', answer.headers];
    const text = await answer.text();
    [told.status, told.document] = [answer.status, /^\s*\{/.test(text) ? JSON.parse(text) : {}];
  } catch (error) {
    if (error.cause?.code === 'ECONNREFUSED' || error.cause === undefined) throw error;
  }
  console.log(`${words.padEnd(64)}  ${told.status} ${told.headers.get('Dayfly-Reason') ?? ''}`.trimEnd());
  return told;
}

/** Checks an answer; undefined is anything. A provider that gives no reasons is not checked for them. */
function expect(answer, status, code, reason, retryAfter) {
  const { document, headers } = answer;
  const compare = (what, expected, ...got) => {
    if (!got.includes(expected)) throw new Different(`${what}: expected ${expected}, got ${got.filter(Boolean)}`);
  };
  compare('status', status, answer.status);
  if (code !== undefined) compare('code', code, document.code, document.error);
  if (reason !== undefined && headers.has('Dayfly-Reason')) compare('reason', reason, headers.get('Dayfly-Reason'));
  if (retryAfter !== undefined) compare('Retry-After', String(retryAfter), headers.get('Retry-After'));
}
