/** Tools, a prompt and a resource of an MCP server over streamable HTTP, connected to by a factory for each run. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createAgent } from 'langchain';
import { z } from 'zod';
import { effect } from '../lib/effects.ts';
import { call, turns } from '../lib/scripted.ts';
// A server without sessions takes a transport for each request.
const http = createServer(async (request, response) => {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool('shout', { inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text: text.toUpperCase() }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  await server.connect(transport);
  await transport.handleRequest(request, response);
});
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
http.unref();
const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
export async function graph(config: { configurable?: { user?: string } }) {
  const client = new MultiServerMCPClient({ mcpServers: { notes: { transport: 'http', url } } });
  const tools = await client.getTools();
  const agent = createAgent({
    model: turns({ calls: [call(tools[0]!.name, { text: `hi ${config.configurable?.user}` })] }, 'ok'),
    tools,
  });
  return Object.assign(agent, {
    [Symbol.asyncDispose]: async () => {
      await client.close();
      effect('closed');
    },
  });
}
