process.on('message', (message: { id: number }) => {
  process.send!({ type: 'pong', id: message.id, body: {} });
});
