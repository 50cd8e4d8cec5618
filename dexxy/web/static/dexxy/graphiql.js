const place = document.getElementById("graphiql");
const fetcher = GraphiQL.createFetcher({
  url: location.pathname,
  headers: { "X-CSRFToken": place.dataset.csrf },
});
ReactDOM.createRoot(place).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: "{\n  viewer {\n    user { name }\n    workspaces { id name }\n  }\n}\n",
  }),
);
