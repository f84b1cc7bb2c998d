import type { Progress } from '@rastro/usecases';
import pc from 'picocolors';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Shows the latest step on a terminal once work has gone on for a second; elsewhere prints each step as a line. */
export function spinner(stream: NodeJS.WriteStream, colored: boolean): Progress & { stop(): void } {
  const { cyan, dim } = pc.createColors(colored);
  const started = performance.now();
  let latest = 'working';
  let frame = 0;
  const clear = () => stream.write('\r\x1b[2K');
  const timer = stream.isTTY
    ? setInterval(() => {
        const seconds = (performance.now() - started) / 1000;
        if (seconds < 1) return;
        clear();
        stream.write(`${cyan(FRAMES[frame++ % FRAMES.length]!)} ${latest} ${dim(`${seconds.toFixed(0)} s`)}`);
      }, 120)
    : undefined;
  timer?.unref();
  return {
    step(message) {
      latest = message;
      if (!stream.isTTY) stream.write(`${message}\n`);
    },
    stop() {
      clearInterval(timer);
      if (timer) clear();
    },
  };
}
