/**
 * Prints the webhooks that it gets, one line each. A receiver of yours verifies them first, with the secret that
 * `runlane webhooks secret URL` prints.
 *
 *   node receiver.ts     listens on HTTP_PORT, 8080 by default
 */
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  // The health check of the image asks like this.
  if (request.method !== 'POST') {
    response.writeHead(200).end();
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    console.log(`webhook ${String(request.headers['webhook-id'])}: ${Buffer.concat(chunks).toString()}`);
    response.writeHead(204).end();
  });
});
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
server.listen(Number(process.env['HTTP_PORT'] ?? 8080));
