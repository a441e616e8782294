int flow;
