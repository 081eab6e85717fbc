export const setups = () => [];
