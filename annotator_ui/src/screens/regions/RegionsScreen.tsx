export function RegionsScreen() {
  return (
    <div className="page">
      <h1>Regions</h1>
    </div>
  );
}
