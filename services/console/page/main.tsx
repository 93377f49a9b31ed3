import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter, Route, Routes } from 'react-router';
import { Layout } from './layout.tsx';
import { askAgainAfterMs } from './live.ts';
import { DeadLetterScreen, DeadLetters } from './screens/dead-letters.tsx';
import { HealthScreen } from './screens/health.tsx';
import { Lanes } from './screens/lanes.tsx';
import { NotThere } from './screens/not-there.tsx';
import { RunScreen } from './screens/run.tsx';
import { Runs } from './screens/runs.tsx';
import { ThreadScreen } from './screens/thread.tsx';
import { Threads } from './screens/threads.tsx';
import { WaitingScreen } from './screens/waiting.tsx';
import { DeliveryScreen, Webhooks } from './screens/webhooks.tsx';
import './style.css';

const client = new QueryClient({
  defaultOptions: { queries: { refetchInterval: askAgainAfterMs, retry: 1, staleTime: 500 } },
});

const root = document.querySelector('#root');
if (root === null) throw new Error('The document has no #root.');
// Those errors are shown where something cannot be drawn; here is what a developer needs of them.
const onCaughtError = (error: unknown): void => console.warn(error);

createRoot(root, { onCaughtError }).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      {/* A place that is left before it was drawn would otherwise never be drawn, and a field keep what was typed for it. */}
      <BrowserRouter useTransitions={false}>
        <Routes>
          <Route element={<Layout />}>
            <Route index element={<WaitingScreen />} />
            <Route path="lanes" element={<Lanes />} />
            <Route path="runs" element={<Runs />} />
            <Route path="run/:id" element={<RunScreen />} />
            <Route path="threads" element={<Threads />} />
            <Route path="thread" element={<ThreadScreen />} />
            <Route path="dead-letters" element={<DeadLetters />} />
            <Route path="dead-letter" element={<DeadLetterScreen />} />
            <Route path="webhooks" element={<Webhooks />} />
            <Route path="delivery/:id" element={<DeliveryScreen />} />
            <Route path="health" element={<HealthScreen />} />
            <Route path="*" element={<NotThere />} />
          </Route>
        </Routes>
      </BrowserRouter>
    </QueryClientProvider>
  </StrictMode>,
);
