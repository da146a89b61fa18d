/* The page's line to its kernel, and the widgets that the kernel made, as plain models.
   Voilà's own script does this as well, and everything else that JupyterLab can; it takes longer to start
   than the kernel takes to compute a page. It is fetched only by pages that are
   no tool's: the one that brings files has widgets that controls.js does not draw. */
(function () {
  "use strict";
  const TARGET = "jupyter.widget";
  const CONTROL = "jupyter.widget.control";
  const AGAIN = [500, 1000, 2000, 4000, 8000, 15000]; // ms between tries to reach a kernel that was there
  const models = new Map();
  const control = id();
  const session = id();
  let socket = null;
  let address = "";
  let shutdown = "";
  let queue = [];
  let lost = 0;
  let lateFor = null;
  let statesAsked = false;
  let arrived;
  const states = new Promise((resolve) => { arrived = resolve; });

  function id() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");
  }

  // ---- messages

  // The protocol's version 1: where each part begins (64 bits, the smallest first), then the parts.
  function packed(parts) {
    const texts = parts.map((part) => new TextEncoder().encode(part));
    const sizes = texts.map((text) => text.length);
    const bytes = new Uint8Array(8 * (parts.length + 2) + sizes.reduce((sum, size) => sum + size, 0));
    const view = new DataView(bytes.buffer);
    let at = 8 * (parts.length + 2);
    view.setBigUint64(0, BigInt(parts.length + 1), true);
    texts.forEach(function (text, place) {
      view.setBigUint64(8 * (place + 1), BigInt(at), true);
      bytes.set(text, at);
      at += text.length;
    });
    view.setBigUint64(8 * (parts.length + 1), BigInt(at), true);
    return bytes;
  }

  function unpacked(data) {
    const view = new DataView(data);
    const starts = Array.from({ length: Number(view.getBigUint64(0, true)) }, (_, at) => Number(view.getBigUint64(8 * (at + 1), true)));
    const parts = starts.slice(0, -1).map((start, at) => new Uint8Array(data, start, starts[at + 1] - start));
    const read = (at) => JSON.parse(new TextDecoder().decode(parts[at]));
    return [{ header: read(1), parent_header: read(2), content: read(4) }, parts.slice(5)];
  }

  function post(type, content, metadata) {
    const header = { msg_id: id(), msg_type: type, username: "", session: session, version: "5.3", date: new Date().toISOString() };
    const message = packed(["shell", ...[header, {}, metadata || {}, content].map((part) => JSON.stringify(part))]);
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(message); else queue.push(message);
    return header.msg_id;
  }

  function heard(event) {
    const [message, buffers] = unpacked(event.data);
    const content = message.content;
    switch (message.header.msg_type) {
      case "comm_open":
        if (content.target_name === TARGET) put(content.comm_id, content.data.state);
        break;
      case "comm_msg":
        told(content, buffers);
        break;
      case "comm_close":
        models.delete(content.comm_id);
        break;
      case "status":
        if (content.execution_state === "idle") done(message.parent_header.msg_id);
    }
  }

  function told(content, buffers) {
    const data = content.data;
    if (content.comm_id === control) {
      if (data.method !== "update_states") return;
      for (const [one, found] of Object.entries(data.states)) put(one, found.state);
      arrived(models);
      return;
    }
    const model = models.get(content.comm_id);
    if (!model) return;
    if (data.method === "update") model.take(data.state);
    else if (data.method === "custom") model.tell(data.content, buffers);
  }

  // ---- models

  class Model {
    constructor(name, state) {
      this.id = name;
      this.state = state;
      this.listening = { "msg:custom": [], change: [] };
    }
    get(name) { return this.state[name]; }
    child(name) { return models.get(String(this.state[name] || "").replace("IPY_MODEL_", "")); }
    children() { return (this.state.children || []).map((one) => models.get(one.replace("IPY_MODEL_", ""))).filter(Boolean); }
    on(what, listener) { this.listening[what].push(listener); }
    take(change) {
      Object.assign(this.state, change);
      this.listening.change.forEach((listener) => listener(change));
    }
    tell(content, buffers) { this.listening["msg:custom"].forEach((listener) => listener(content, buffers)); }
    send(content) { flush(); post("comm_msg", { comm_id: this.id, data: { method: "custom", content: content } }); }
    set(change) {
      Object.assign(this.state, change);
      changed.set(this.id, Object.assign(changed.get(this.id) || {}, change));
      if (!underWay) flush();
    }
  }

  function put(name, state) {
    const there = models.get(name);
    if (there) there.take(state); else models.set(name, new Model(name, state));
  }

  // What is set while the kernel still answers to the last change goes together once it has.
  const changed = new Map();
  let underWay = "";

  function flush() {
    if (!changed.size) return;
    const going = Array.from(changed);
    changed.clear();
    document.dispatchEvent(new CustomEvent("echannel-choice"));
    for (const [name, change] of going) {
      underWay = post("comm_msg", { comm_id: name, data: { method: "update", state: change, buffer_paths: [] } });
    }
  }

  function done(message) {
    if (message !== underWay) return;
    underWay = "";
    flush();
  }

  // ---- the line

  function open() {
    socket = new WebSocket(address, "v1.kernel.websocket.jupyter.org");
    socket.binaryType = "arraybuffer";
    socket.onmessage = heard;
    socket.onopen = function () {
      lost = 0;
      const waiting = queue;
      queue = [];
      for (const message of waiting) socket.send(message);
    };
    socket.onclose = function () {
      if (lost < 0) return;
      underWay = "";
      if (lost === AGAIN.length) { if (lateFor) lateFor(new Error("the kernel is out of reach")); return; }
      setTimeout(function () { if (lost >= 0) { open(); if (statesAsked) request(); } }, AGAIN[lost]);
      lost += 1;
    };
  }

  function request() {
    statesAsked = true;
    post("comm_open", { comm_id: control, target_name: CONTROL, data: {} }, { version: "1.0.0" });
    post("comm_msg", { comm_id: control, data: { method: "request_states" } });
  }

  function leave() {
    const token = (document.cookie.match(/\b_xsrf=([^;]*)/) || [])[1] || "";
    const form = new FormData();
    form.append("_xsrf", token);
    close();
    navigator.sendBeacon(shutdown, form);
  }

  function close() {
    lost = -1;
    if (socket) socket.close();
    removeEventListener("pagehide", leave);
  }

  window.echannelLive = {
    models: models,
    /* As soon as the page knows its kernel, which then still computes. */
    connect: function (base, kernel) {
      address = new URL(base + "api/kernels/" + kernel + "/channels?session_id=" + session, location).href.replace(/^http/, "ws");
      shutdown = base + "voila/api/shutdown/" + kernel;
      addEventListener("pagehide", leave);
      open();
    },
    /* Every model there is, once the notebook has run; late is called when the kernel is lost. */
    restored: function (late) {
      lateFor = late;
      request();
      return states;
    },
    /* Leaves the line to another script. */
    close: close,
  };
})();
