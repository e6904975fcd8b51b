/// The program that Node.js runs. It loads a workflow's modules, calls their functions, and offers
/// them what the original engine offers. Each line is one JSON object: requests come on standard
/// input, answers go to descriptor 3. Standard output and standard error belong to the functions.
///
/// | request | answer |
/// |---|---|
/// | `call` | `done`, `failed` or `exit`, once; `log` before it, any number |
/// | `drop` | none: further output of the call is ignored |
/// | `completed` | none: wakes functions that wait for the job |
/// | `reply` | none: the value that `send`, `mark` or `check` asked for |
/// | `ping` | `pong` |
enum HostScript {
  static let text = #"""
    'use strict';
    const fs = require('fs');
    const path = require('path');
    const { AsyncLocalStorage } = require('async_hooks');

    // Opened again, the descriptor is not passed on to programs that functions start.
    const answers = fs.openSync('/proc/self/fd/3', 'w');
    fs.closeSync(3);

    const current = new AsyncLocalStorage();
    const calls = new Map();
    const waiters = new Map();
    const results = new Map();
    const questions = new Map();
    let lastQuestion = 0;

    function post(message) {
      const bytes = Buffer.from(JSON.stringify(message) + '\n');
      let offset = 0;
      while (offset < bytes.length) {
        try {
          offset += fs.writeSync(answers, bytes, offset);
        } catch (error) {
          if (error.code !== 'EAGAIN') throw error;
        }
      }
    }

    function ask(message) {
      lastQuestion += 1;
      const id = lastQuestion;
      return new Promise((resolve, reject) => {
        questions.set(id, { resolve, reject });
        post(Object.assign({ id }, message));
      });
    }

    // A long text in pieces that end between characters.
    function* parts(text) {
      for (let start = 0; start < text.length;) {
        let end = Math.min(start + 16384, text.length);
        if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1])) end -= 1;
        yield text.slice(start, end);
        start = end;
      }
    }

    function capture(stream, number) {
      const write = stream.write.bind(stream);
      stream.write = (chunk, encoding, done) => {
        const state = current.getStore();
        if (!state || state.isOver) return write(chunk, encoding, done);
        const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
        for (const part of parts(text)) {
          post({ op: 'log', call: state.call, stream: number, text: part });
        }
        const callback = typeof encoding === 'function' ? encoding : done;
        if (callback) process.nextTick(callback);
        return true;
      };
    }
    capture(process.stdout, 1);
    capture(process.stderr, 2);

    class ExitCalled extends Error {}
    const exit = process.exit.bind(process);
    process.exit = (code) => {
      const state = current.getStore();
      if (!state) exit(code);
      end(state, { op: 'exit', code: Number(code === undefined ? process.exitCode : code) || 0 });
      throw new ExitCalled('process.exit');
    };

    function end(state, message) {
      if (state.isOver) return;
      post(Object.assign({ call: state.call }, message));
      state.isOver = true;
      calls.delete(state.call);
    }

    function fail(state, error) {
      const text = error instanceof Error ? error.message || error.name : String(error);
      const stack = error instanceof Error && error.stack ? error.stack : text;
      end(state, { op: 'failed', text, stack });
    }

    process.on('uncaughtException', (error) => {
      const state = current.getStore();
      if (error instanceof ExitCalled) return;
      if (state) return fail(state, error);
      console.error(error);
      exit(1);
    });
    process.on('unhandledRejection', (error) => {
      const state = current.getStore();
      if (error instanceof ExitCalled) return;
      if (state) return fail(state, error);
      console.error(error);
      exit(1);
    });

    function load(file, name) {
      const loaded = require(file);
      const found = loaded[name] || (loaded.default && loaded.default[name]);
      if (typeof found === 'function') return found;
      const names = Object.keys(loaded).filter((key) => typeof loaded[key] === 'function');
      const there = names.length ? `it has ${names.join(', ')}` : 'it exports none';
      throw new Error(`${path.basename(file)} has no function "${name}"; ${there}`);
    }

    // An array whose signals can also be reached by name.
    function signals(list) {
      for (const signal of list.slice()) {
        if (!(signal.name in list)) {
          Object.defineProperty(list, signal.name, { value: signal, writable: true });
        }
      }
      return list;
    }

    const standard = ['name', '_id', 'data', 'condition', 'source', 'firingId', 'sigIdx'];

    // What the function gave a signal besides what the workflow says.
    function ownKeys(signal, given) {
      const keys = {};
      for (const key of Object.keys(signal)) {
        if (standard.includes(key) || typeof signal[key] === 'function') continue;
        if (JSON.stringify(signal[key]) !== JSON.stringify(given[key])) keys[key] = signal[key];
      }
      return keys;
    }

    // true: a signal without data; an array: one for each element; null: none; an object: the
    // same with keys.
    function value(signal, given, isChoice) {
      if (signal === null || signal === undefined) return null;
      if (isChoice && String(signal.condition) !== 'true') return null;
      const keys = ownKeys(signal, given);
      const data = elements(signal);
      if (Object.keys(keys).length) return { keys, data };
      return data === null ? true : data;
    }

    function elements(signal) {
      if (signal.data === undefined) return null;
      const data = Array.isArray(signal.data) ? signal.data : [signal.data];
      return data.map((datum) => {
        if (datum instanceof Error) return { error: datum.message };
        return datum === undefined ? null : datum;
      });
    }

    function waitFor(task, seconds) {
      if (results.has(task)) {
        const code = results.get(task);
        results.delete(task);
        return Promise.resolve([null, code]);
      }
      return new Promise((resolve, reject) => {
        const waiter = { resolve };
        const list = waiters.get(task) || [];
        list.push(waiter);
        waiters.set(task, list);
        if (!(seconds > 0)) return;
        waiter.timer = setTimeout(() => {
          const left = (waiters.get(task) || []).filter((other) => other !== waiter);
          if (left.length) waiters.set(task, left);
          else waiters.delete(task);
          reject(new Error(`no result of job ${task} within ${seconds} s`));
        }, seconds * 1000);
      });
    }

    function completed(task, code) {
      const list = waiters.get(task);
      if (!list) return results.set(task, code);
      waiters.delete(task);
      for (const waiter of list) {
        clearTimeout(waiter.timer);
        waiter.resolve([null, code]);
      }
    }

    // Events among functions, as in HyperFlow: a time before the values, `*` for a word of a name,
    // and those of `trace.*` are printed.
    const listeners = [];
    function isMeant(pattern, name) {
      const [wanted, given] = [pattern.split('.'), name.split('.')];
      return wanted.length === given.length
        && wanted.every((word, index) => word === '*' || word === given[index]);
    }
    const eventServer = {
      on: (pattern, listener) => { listeners.push({ pattern: String(pattern), listener }); },
      emit: (event, ...given) => {
        const name = String(event);
        const values = [new Date().toISOString(), ...given];
        if (isMeant('trace.*', name)) console.log('EVENT:', name, JSON.stringify(values));
        for (const { pattern, listener } of listeners.slice()) {
          if (isMeant(pattern, name)) listener.apply({ event: name }, values);
        }
      },
    };

    function context(request) {
      const given = request.context;
      const own = (task) => task || given.taskId;
      return Object.assign(given, {
        eventServer,
        sendMsgToJob: (message, task) =>
          ask({
            op: 'send', task: own(task),
            message: typeof message === 'string' ? message : JSON.stringify(message),
          }),
        jobResult: (seconds, task) => waitFor(own(task), Number(seconds)),
        markTaskCompleted: (task) => ask({ op: 'mark', task: own(task) }),
        checkTaskCompletion: (task) => ask({ op: 'check', task: own(task) }),
      });
    }

    function call(request) {
      const state = { call: request.call, isOver: false };
      calls.set(request.call, state);
      const finish = (error, outs) => {
        if (error) return fail(state, error);
        const list = outs === null || outs === undefined ? null : Array.from(outs);
        const count = request.outs.length;
        try {
          const values = Array.from({ length: count }, (_, index) =>
            list === null ? null : value(list[index], request.outs[index], request.isChoice));
          end(state, { op: 'done', outs: values });
        } catch (error) {
          fail(state, error);
        }
      };
      current.run(state, () => {
        try {
          const body = load(request.module, request.function);
          const outs = signals(request.outs.map((signal) => Object.assign({}, signal)));
          const result = body(signals(request.ins), outs, context(request), finish);
          if (result && typeof result.then === 'function') {
            result.then(undefined, (error) => {
              if (!(error instanceof ExitCalled)) fail(state, error);
            });
          }
        } catch (error) {
          if (!(error instanceof ExitCalled)) fail(state, error);
        }
      });
    }

    function take(request) {
      switch (request.op) {
        case 'call': return call(request);
        case 'drop': {
          const state = calls.get(request.call);
          if (state) state.isOver = true;
          calls.delete(request.call);
          return;
        }
        case 'completed': return completed(request.task, request.code);
        case 'reply': {
          const question = questions.get(request.id);
          questions.delete(request.id);
          if (!question) return;
          if (request.error) question.reject(new Error(request.error));
          else question.resolve(request.value);
          return;
        }
        case 'ping': return post({ op: 'pong' });
      }
    }

    let rest = '';
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) if (line) take(JSON.parse(line));
    });
    process.stdin.on('end', () => exit(0));

    """#
}
