// A plain node:http handler that answers the same bytes and headers as the mock: the limit of Node.
import http from 'node:http';
import { randomUUID } from 'node:crypto';

const SESSIONS = '/api/v2/conversations/webchat/sessions';
const HEADERS = {
  'Content-Type': 'application/json',
  'ININ-Correlation-Id': '00000000-f06c-444a-a25b-413f8a9a021e',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  'inin-ratelimit-count': '0',
  'inin-ratelimit-allowed': '300',
  'inin-ratelimit-reset': '60',
  Server: 'peer',
};
const CREATED = '{"webChatSessionId":"';
const ACCEPTED = '","webChatSessionId":"a606839e-b905-4b6e-a6e3-3f1614a4f91f"}';

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = request.url === SESSIONS ? `${CREATED}${randomUUID()}"}` : `{"id":"${randomUUID()}${ACCEPTED}`;
    response.writeHead(200, { ...HEADERS, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
