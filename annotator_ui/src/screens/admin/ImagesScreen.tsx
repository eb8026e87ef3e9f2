export function ImagesScreen() {
  return (
    <div className="page">
      <h1>Images</h1>
    </div>
  );
}
